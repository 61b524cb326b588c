"""Questions about a policy, answered from what was proved."""
