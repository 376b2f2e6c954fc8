"""Documents as Word and PDF: forms in plain text, templates, rendering.

``forms/<kind>.txt`` describes a document: what is asked for, then its text. From it the
default Word template is built; administrators may replace that by their own. Word is
rendered from the template, and the PDF from the Word file, so that both always agree.
"""
