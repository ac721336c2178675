"""Formats that other programs read: iCalendar."""
