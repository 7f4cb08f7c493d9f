CREATE TABLE "request_rollups_day" (
	"tenant_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"dimension" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"member" text NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"errors" bigint DEFAULT 0 NOT NULL,
	"timed" bigint DEFAULT 0 NOT NULL,
	"duration_ms" double precision DEFAULT 0 NOT NULL,
	"request_bytes" bigint DEFAULT 0 NOT NULL,
	"histogram" integer[] DEFAULT '{}'::integer[] NOT NULL,
	CONSTRAINT "request_rollups_day_pkey" PRIMARY KEY("tenant_id","kind","dimension","at","member")
);
--> statement-breakpoint
ALTER TABLE "request_rollups_day" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "request_rollups_hour" (
	"tenant_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"dimension" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"member" text NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"errors" bigint DEFAULT 0 NOT NULL,
	"timed" bigint DEFAULT 0 NOT NULL,
	"duration_ms" double precision DEFAULT 0 NOT NULL,
	"request_bytes" bigint DEFAULT 0 NOT NULL,
	"histogram" integer[] DEFAULT '{}'::integer[] NOT NULL,
	CONSTRAINT "request_rollups_hour_pkey" PRIMARY KEY("tenant_id","kind","dimension","at","member")
);
--> statement-breakpoint
ALTER TABLE "request_rollups_hour" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "request_rollups_minute" (
	"tenant_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"dimension" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"member" text NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"errors" bigint DEFAULT 0 NOT NULL,
	"timed" bigint DEFAULT 0 NOT NULL,
	"duration_ms" double precision DEFAULT 0 NOT NULL,
	"request_bytes" bigint DEFAULT 0 NOT NULL,
	"histogram" integer[] DEFAULT '{}'::integer[] NOT NULL,
	CONSTRAINT "request_rollups_minute_pkey" PRIMARY KEY("tenant_id","kind","dimension","at","member")
);
--> statement-breakpoint
ALTER TABLE "request_rollups_minute" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "rollup_pending" (
	"log_id" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"of_tenant" uuid NOT NULL,
	"kind" text NOT NULL,
	"server_id" uuid,
	"tool" text,
	"method" text,
	"user_id" text,
	"api_key_id" uuid,
	"client" text,
	"failed" boolean NOT NULL,
	"error" text,
	"duration_ms" double precision,
	"request_bytes" bigint,
	CONSTRAINT "rollup_pending_pkey" PRIMARY KEY("kind","log_id","at")
);
--> statement-breakpoint
ALTER TABLE "rollup_pending" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "tenant_own" ON "request_rollups_day" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("request_rollups_day"."tenant_id" = (select app_tenant_id())) WITH CHECK ("request_rollups_day"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "request_rollups_day" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "request_rollups_hour" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("request_rollups_hour"."tenant_id" = (select app_tenant_id())) WITH CHECK ("request_rollups_hour"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "request_rollups_hour" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "request_rollups_minute" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("request_rollups_minute"."tenant_id" = (select app_tenant_id())) WITH CHECK ("request_rollups_minute"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "request_rollups_minute" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "system_all" ON "rollup_pending" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);