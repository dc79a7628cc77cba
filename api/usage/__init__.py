"""The usage report in the four forms that Dev Proxy's plugins write it in, byte for byte."""
