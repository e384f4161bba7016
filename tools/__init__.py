"""Scripts that build what is in core/assets and refresh what is vendored; the product never imports them."""
