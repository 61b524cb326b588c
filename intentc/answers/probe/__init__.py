"""Intents and asserts become a kit of files that checks a live cluster; nothing here touches one."""
