ALTER TABLE "user" DROP COLUMN "metadata";--> statement-breakpoint
ALTER TABLE "request_logs" DROP COLUMN "response_bytes";--> statement-breakpoint
ALTER TABLE "server_metrics" DROP COLUMN "active_connections";