"""The content page: what a picture must hold for networks to look far."""
