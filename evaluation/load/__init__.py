"""How fast the whole product is under load, beside stock Rasa."""
