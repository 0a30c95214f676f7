DROP TABLE job;
DROP TABLE import;
DROP TABLE run;
DROP TABLE reference_set;
DROP TABLE change;
DROP TABLE evidence;
DROP TABLE change_set;
DROP FUNCTION refuse_change();
