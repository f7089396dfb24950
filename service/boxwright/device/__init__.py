"""What models run on: the device, its sessions, and how images share it."""
