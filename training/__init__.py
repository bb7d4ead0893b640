"""How the matte network was made: data, training, export, evaluation. Not part of the package."""
