rule figure:
    input:
        figure_tables,
    output:
        png="<figures>/{figure}.png",
        pdf="<figures>/{figure}.pdf",
        svg="<figures>/{figure}.svg",
    log:
        "<logs>/figures/{figure}.log",
    localrule: True
    params:
        stem=subpath(output.png, strip_suffix=".png"),
        run=config["run"],
        seed=config["seed"],
        config_digest=DIGEST,
        code=digest("optprimer.figures.save"),
    message:
        "Figure {wildcards.figure}"
    shell:
        "optprimer figure {wildcards.figure} {input:q} --output {params.stem:q} --run {params.run:q} --seed {params.seed}"
        " --config-digest {params.config_digest} > {log:q} 2>&1"
