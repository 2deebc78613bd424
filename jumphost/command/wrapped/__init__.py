"""Programs that run what stands in their own words."""
