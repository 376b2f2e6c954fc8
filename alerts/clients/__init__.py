"""Outside systems that carry messages; nothing here touches the database."""
