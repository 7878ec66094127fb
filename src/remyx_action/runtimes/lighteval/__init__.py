"""lighteval: its environment, made where it is first needed, and the program that runs one arm in it."""
