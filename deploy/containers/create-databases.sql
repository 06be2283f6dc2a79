-- Runs once, on an empty volume. The tables are made by the processes themselves at their start.
CREATE DATABASE nczf_gateway;
CREATE DATABASE nczf_services;
