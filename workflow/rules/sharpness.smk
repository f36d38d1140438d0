SHARPNESS_TABLES = ["minima", "keskar", "line", "reparameterization", "profile"]
SHARPNESS_SETTINGS = {  # of a seed; with more of them, those that are done stay
    key: value
    for key, value in config["sharpness"].items()
    if key not in ("seeds", "seeds_per_job")
}


rule sharpness:
    input:
        data=DATA,
    output:
        expand(
            "<results>/sharpness/{{first}}-{{last}}/{table}.csv",
            table=SHARPNESS_TABLES,
        ),
    log:
        "<logs>/sharpness/{first}-{last}.log",
    benchmark:
        "<benchmarks>/sharpness/{first}-{last}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(4000),
        runtime=minutes(480),
    params:
        data=subpath(input.data, parent=True),
        folder=subpath(output[0], parent=True),
        settings=json.dumps(SHARPNESS_SETTINGS, sort_keys=True),
        state=f"{STATE}/sharpness/{{first}}-{{last}}",
        device=config["device"],
        seed=config["seed"],
        code=digest("optprimer.sharpness.commands:sharpness"),
    message:
        "Sharp and flat minima: seeds {wildcards.first} to {wildcards.last}"
    shell:
        "optprimer sharpness --data {params.data:q} --settings {params.settings:q} --seeds {wildcards.first} {wildcards.last}"
        " --output {params.folder:q} --state {params.state:q} --device {params.device} --seed {params.seed}"
        " --threads {threads} > {log:q} 2>&1"


rule sharpness_summary:
    input:
        minima="<results>/sharpness/minima.csv",
        keskar="<results>/sharpness/keskar.csv",
        reparameterization="<results>/sharpness/reparameterization.csv",
    output:
        summary=tabulated(
            "sharpness/summary", "Sharpness of the arms compared", "sharpness"
        ),
        slopes=tabulated(
            "sharpness/slopes", "Sharpness under reparameterization", "slopes"
        ),
    log:
        "<logs>/sharpness/summary.log",
    localrule: True
    conda:
        CONDA
    params:
        folder=subpath(output.summary, parent=True),
        code=digest("optprimer.sharpness.commands:sharpness_summary"),
    message:
        "Sharp and flat minima: arms compared"
    shell:
        "optprimer sharpness-summary --minima {input.minima:q} --keskar {input.keskar:q}"
        " --reparameterization {input.reparameterization:q} --output {params.folder:q} > {log:q} 2>&1"
