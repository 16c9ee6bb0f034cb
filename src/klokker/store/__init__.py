"""The ledger's port: a contract of few verbs, kept by memory and by Django's databases alike."""
