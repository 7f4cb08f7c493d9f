ALTER TYPE "public"."limit_subject" ADD VALUE 'server';--> statement-breakpoint
ALTER TYPE "public"."limit_subject" ADD VALUE 'tool';--> statement-breakpoint
ALTER TABLE "rate_limit_configs" DROP CONSTRAINT "rate_limit_configs_subject";--> statement-breakpoint
ALTER TABLE "rate_limit_configs" ADD COLUMN "server_id" uuid;--> statement-breakpoint
ALTER TABLE "rate_limit_configs" ADD COLUMN "tool_name" text;--> statement-breakpoint
ALTER TABLE "rate_limit_configs" ADD CONSTRAINT "rate_limit_configs_server" FOREIGN KEY ("tenant_id","server_id") REFERENCES "public"."mcp_servers"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rate_limit_configs" ADD CONSTRAINT "rate_limit_configs_subject" UNIQUE NULLS NOT DISTINCT("tenant_id","subject_type","subject_id","server_id","tool_name","window_seconds");--> statement-breakpoint
ALTER TABLE "rate_limit_configs" ADD CONSTRAINT "rate_limit_configs_tool_of_server" CHECK ("rate_limit_configs"."tool_name" is null or "rate_limit_configs"."server_id" is not null);