"""Which steps lead the tables from one release to the next?"""
