"""Users, organisations, districts and what each may see."""
