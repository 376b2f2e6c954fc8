"""Exchange with the systems of other departments: parcels out, parcels in."""
