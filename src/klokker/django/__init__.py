"""The Django app of Klokker: add `"klokker.django"` to INSTALLED_APPS. Its label, and the prefix of its tables, is `klokker`."""
