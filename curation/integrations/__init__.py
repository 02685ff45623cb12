"""Other people's services: the Hugging Face Hub, and file systems elsewhere. Only these modules import their SDKs."""
