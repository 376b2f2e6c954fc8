"""Rules that find fraud in vehicle tests, one file a rule. See ``registry``."""
