"""Every convergence rate of the chapter, measured beside its bound, its worst case and a control that must fail."""
