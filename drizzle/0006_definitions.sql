ALTER TABLE "server_prompts" ADD COLUMN "definition" jsonb;--> statement-breakpoint
ALTER TABLE "server_resources" ADD COLUMN "definition" jsonb;--> statement-breakpoint
ALTER TABLE "server_tools" ADD COLUMN "definition" jsonb;