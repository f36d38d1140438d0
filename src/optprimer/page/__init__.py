"""The companion page: one file that shows what became of each claim of the chapter, made from tables, captions and pictures."""
