"""The action server: turns Rasa's decisions into look-ups, bookings, work orders and ratings."""
