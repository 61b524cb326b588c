# Written by intentc. What the cluster's profile does not state is given here.
