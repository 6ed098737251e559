"""Numbers, money, days and names, as people of eleven languages say them."""
