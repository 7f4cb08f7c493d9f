ALTER INDEX "idx_sessions_identity_provider" RENAME TO "session_identity_provider";
