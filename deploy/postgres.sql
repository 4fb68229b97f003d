-- Rasa's memory has a database of its own.
CREATE DATABASE tracker OWNER smp;
