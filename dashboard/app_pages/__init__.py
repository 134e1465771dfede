"""The pages: one folder, one page. Nothing outside a page's folder imports it."""
