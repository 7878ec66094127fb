"""How often a bar is right and wrong: before a run (power), with one (noise), after it (backtest)."""
