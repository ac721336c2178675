"""What holds for every test: a property is true or false, and nothing is said of how long it took."""

from hypothesis import settings

settings.register_profile("entente", deadline=None)
settings.load_profile("entente")
