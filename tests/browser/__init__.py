"""What the tests ask a real browser: what the page of `intentc graph` shows, and what Mermaid draws."""
