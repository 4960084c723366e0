"""A hasher of passwords for tests: a good one takes a third of a second for each."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """Django's hasher with one iteration. A web server with Django's own reads its hashes."""

    iterations = 1
