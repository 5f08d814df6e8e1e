"""The engine of devices: torch tensors, Triton kernels where there is one."""
