//! The proxy over real sockets, byte for byte. What a request may do is judged in tables elsewhere.
