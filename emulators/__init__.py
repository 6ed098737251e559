"""The providers' wire protocols as programs: they know no service."""
