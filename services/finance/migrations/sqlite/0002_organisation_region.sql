-- The region of the organisations that hold drafts: its regional team reaches them as well. Written at
-- every start from the reference data of the program.

CREATE TABLE organisation_region (
  organisation TEXT NOT NULL PRIMARY KEY,
  region       TEXT NOT NULL CHECK (region <> '')
) STRICT;
