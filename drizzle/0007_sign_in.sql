CREATE TABLE "auth_attempts" (
	"key" text PRIMARY KEY NOT NULL,
	"failures" integer NOT NULL,
	"blocked_until" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "auth_attempts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "dev_outbox" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"recipient" text NOT NULL,
	"subject" text NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "dev_outbox" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "auth_attempts_updated_at" ON "auth_attempts" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "dev_outbox_created_at" ON "dev_outbox" USING btree ("created_at");--> statement-breakpoint
CREATE POLICY "system_all" ON "auth_attempts" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "dev_outbox" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON auth_attempts, dev_outbox TO gateway_system;
