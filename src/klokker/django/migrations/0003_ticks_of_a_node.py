from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("klokker", "0002_calendars")]

    operations = [
        migrations.AddField(
            "node",
            "ticked_before",
            models.DateTimeField(blank=True, help_text="The one before it.", null=True),
        ),
        migrations.AddField(
            "node",
            "ticked_earlier",
            models.DateTimeField(blank=True, help_text="And the one before that.", null=True),
        ),
    ]
