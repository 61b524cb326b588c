# Written by intentc. Change the intents, not this file.
