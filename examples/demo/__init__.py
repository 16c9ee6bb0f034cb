"""All five systems at once, after a weekend in which the machine was off."""
