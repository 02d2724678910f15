"""The pages of the console; none imports another, the app knows the way between them."""
