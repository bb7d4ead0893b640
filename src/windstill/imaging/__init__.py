"""Picture operations that every element shares; they know nothing of photos, skies or hair."""
