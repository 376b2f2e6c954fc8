"""Acts of casework: one function each, keyword-only, one transaction, audited."""
