"""The stage that reads emitted files, knowing nothing of the writer, and says where they break an intent."""
