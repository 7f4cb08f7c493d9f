CREATE TABLE "retention_runs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone,
	"taken_until" timestamp with time zone,
	"dropped_partitions" text[] DEFAULT '{}'::text[] NOT NULL,
	"deleted_rows" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"done_steps" text[] DEFAULT '{}'::text[] NOT NULL,
	"last_error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "retention_runs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "retention_runs_started_at" ON "retention_runs" USING btree ("started_at");--> statement-breakpoint
CREATE POLICY "system_all" ON "retention_runs" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);