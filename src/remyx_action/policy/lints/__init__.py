"""What `check` finds in a policy that its model allows: errors and warnings."""
